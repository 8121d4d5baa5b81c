"""The fixtures of the tests, a module for each tool and way of using it."""
