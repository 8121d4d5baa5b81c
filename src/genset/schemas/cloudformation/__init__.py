"""CloudFormation and SAM templates: from a template's text to the tables in it.

`loops` unrolls Fn::ForEach, `parameters` gives parameters their values, `evaluation` answers
functions and conditions, `template` puts these together, `resources` and `global_table` bring the
resources of tables into the form of CreateTable, and `stacks` follows nested stacks.
"""
