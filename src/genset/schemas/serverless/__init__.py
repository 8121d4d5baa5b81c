"""The Serverless Framework: `variables` resolves ${...}, `service` has the tables of a service."""
