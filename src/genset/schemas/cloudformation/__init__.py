"""CloudFormation and SAM templates: from a template's text to the tables in it.

`loops` unrolls Fn::ForEach, `parameters` gives parameters their values, `evaluation` answers
functions and conditions, `resources` and `global_table` bring the resources of tables into the form
of CreateTable, and `template` puts these together, and follows nested stacks.
"""
