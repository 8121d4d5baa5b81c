"""Terraform: its language, and what `terraform show -json` prints.

`hcl` makes blocks of texts, `expressions` and `functions` give expressions their values,
`variables` those of variables, and `module` the resources of a folder and of the modules in it.
`shown` has the resources of Terraform's own output. `resources` puts what several resources say of
one table together, and `tables` brings it into the form of CreateTable.
"""
