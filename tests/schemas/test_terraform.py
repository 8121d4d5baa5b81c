"""Terraform's files and output: expressions, instances, modules, what is noted, what is wrong."""

from __future__ import annotations

import json

import pytest

from genset.schemas import Units

from .conftest import FILES, notes, problems, schema

TABLE = """
resource "aws_dynamodb_table" "music" {{
  name         = {name}
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "Id"
  attribute {{
    name = "Id"
    type = "S"
  }}
  {more}
}}
"""


def table(name, more=""):
    return TABLE.format(name=name, more=more)


LOCALS = """
variable "stage" { default = "dev" }
locals {
  names = ["a", "b", "c"]
  sizes = { small = 1, "very large" = { units = 40 } }
  pair  = [for name in local.names : "${name}!" if name != "b"]
  maps  = [{ id = "x", n = 1 }, { id = "y", n = 2 }]
}
"""
VALUES = {
    '"${var.stage}-music"': "dev-music",
    'join("-", ["x", var.stage, 3])': "x-dev-3",
    'var.stage == "dev" && !false ? "yes" : "no"': "yes",
    'upper(local.names[1])': "B",
    'format("%s-%03d-%v", "x", 7, true)': "x-007-true",
    'local.sizes["very large"].units + 2 * 1': "42",
    'join(",", local.pair)': "a!,c!",
    'join(",", local.maps[*].id)': "x,y",
    'join(",", [for k, v in local.sizes : k])': "small,very large",
    '{for m in local.maps : m.id => m.n}["y"]': "2",
    'lookup(local.sizes, "none", "default")': "default",
    'try(local.sizes.none, local.names[9], "tried")': "tried",
    'replace("a_b", "_", "-")': "a-b",
    'replace("a1b22", "/[0-9]+/", ".")': "a.b.",
    'merge({a = 1}, {a = "second"}).a': "second",
    'element(concat(local.names, ["d"]), 3)': "d",
    'jsondecode("[1, 2]")[1]': "2",
    'split("/", "a/b")[1]': "b",
    '"$${kept} \\"quoted\\""': '${kept} "quoted"',
    'substr("abcdef", 1, 3)': "bcd",
    'trimsuffix("music.tf", ".tf")': "music",
    'coalesce(null, "", "first")': "first",
    'terraform.workspace': "default",
    'distinct(concat(local.maps, [{ id = "x", n = 1 }]))[1].id': "y",
    'join(",", setunion(["b"], ["a", "b"]))': "a,b",
    'regex("[a-z]+", "12ab34")': "ab",
    'yamldecode("a: [1, two]").a[1]': "two",
    'jsondecode(file("names.json")).music': "from-file",
    'yamldecode(file("${path.module}/names.json")).music': "from-file",
    'data.aws_region.here.name': "us-east-1",
    '7 / 2': "3.5",
    '-3 + 5 % 3': "-1",
    'length(local.names) > 2 ? "x" : "y"': "x",
    "<<-EOT\n    a-${var.stage}\n  EOT\n": "a-dev\n",
}  # fmt: skip


@pytest.mark.parametrize("expression", VALUES)
def test_expressions_have_terraform_s_values(write, expression):
    write("names.json", '{"music": "from-file"}')
    path = write("main.tf", LOCALS + table('"music"', f"tags = {{\n value = {expression}\n}}"))
    (found,) = schema(path).tables
    assert found.tags["value"] == VALUES[expression]


def test_what_is_not_followed_is_noted():
    found = notes(schema("terraform"))
    assert found == [
        "main.tf:147: the module terraform-aws-modules/dynamodb-table/aws is not here: `terraform "
        "init` fetches it, or give the output of `terraform show -json`",
        "main.tf:87: lifecycle is not followed: the plan is made of what is written",
        "main.tf:77: point-in-time recovery is left out: genset has no backups",
        "main.tf:130: the item is left out: `genset load` puts items",
        "main.tf:82: KMSMasterKeyId: aws_kms_key.tables.arn is known when it is deployed; give it "
        "with --parameter aws_kms_key.tables.arn=VALUE; the key that AWS manages is taken instead",
    ]


def test_variables_are_given_and_come_before_files_of_values(monkeypatch):
    found = schema("terraform", stage="prod", tags='{"cost-center" = "7"}').tables
    assert found[0].name == "prod-shop-songs"
    assert found[0].throughput == Units(read=20, write=10)
    assert found[0].tags["cost-center"] == "7"
    monkeypatch.setenv("TF_VAR_stage", "env")
    assert schema("terraform").tables[0].name == "env-shop-songs"


def test_a_module_completes_what_it_is_given():
    tables = {each.name: each for each in schema("terraform").tables}
    assert tables["dev-shop-jobs-slow"].time_to_live == "ExpiresAt"
    assert tables["dev-shop-jobs-fast"].time_to_live is None
    assert tables["dev-shop-jobs-fast"].keys == (("Id", "HASH"),)
    assert tables["dev-shop-jobs-fast"].tags == {"team": "records"}


def test_one_file_of_a_folder_has_its_own_tables_and_the_names_of_all():
    path = FILES / "terraform" / "main.tf"
    assert [each.name for each in schema(path).tables] == [
        each.name for each in schema("terraform").tables
    ]
    assert problems(FILES / "terraform" / "variables.tf") == ["variables.tf: defines no table"]


def test_outputs_of_a_module_are_values(write):
    write("inner/main.tf", 'output "name" { value = "of-${path.module}" }')
    path = write(
        "main.tf",
        'module "inner" { source = "./inner" }\n'
        + table('replace(module.inner.name, "/.+/", "inner")'),
    )
    assert [each.name for each in schema(path).tables] == ["inner"]


def test_a_module_that_init_has_fetched_is_read(write):
    write(".terraform/modules/modules.json", json.dumps(
        {"Modules": [{"Key": "music", "Source": "registry", "Dir": ".terraform/modules/music"}]}
    ))  # fmt: skip
    write(".terraform/modules/music/main.tf", 'variable "name" {}\n' + table("var.name"))
    path = write("main.tf", 'module "music" {\n  source = "company/music/aws"\n  name = "mmm"\n}')
    assert [each.name for each in schema(path).tables] == ["mmm"]


def test_instances_are_counted(write):
    path = write("main.tf", table('"music-${count.index}"', "count = 2"))
    assert [each.name for each in schema(path).tables] == ["music-0", "music-1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table('"abc"') + "x = ", "12: is not in Terraform's language: the end of the line is not "
         "expected here"),
        (table("var.none"), "3: there is no variable none"),
        (table("local.none"), "3: there is no local value none"),
        ("locals {\n  a = local.a\n}" + table("local.a"), "2: the local value a is defined by "
         "itself"),
        ('variable "v" {}' + table("var.v"), "3: name: the variable v has no default; give it "
         "with --parameter v=VALUE"),
        (table("aws_sqs_queue.q.name"), "3: there is no resource aws_sqs_queue.q"),
        (table('timestamp()'), "3: name: the function timestamp is not followed"),
        (table('upper(3)'), "3: the function cannot do that: 'int' object has no attribute "
         "'upper'"),
        (table('[1][4]'), "3: there is no 4 in this value"),
        (table('1 / 0'), "3: is a division by zero"),
        (table('"abc"', 'range_key = "None"'), "10: the key of table abc has None, which has no "
         "attribute definition"),
        (table('"abc"', 'stream_enabled = true'), "10: stream_enabled needs stream_view_type"),
        (table('"abc"', 'read_capacity = "many"'), "10: ReadCapacityUnits must be an integer, not "
         "many"),
        (table('"abc"', 'name = "b"'), "10: name is there twice"),
        (table('"abc"', 'count = var.n') + 'variable "n" {}', "10: count: the variable n has no "
         "default; give it with --parameter n=VALUE"),
        (table('"abc"') + table('"abc"').replace("music", "more"), "13: the table abc is "
         "defined at"),
        ('module "m" {\n  source = "./none"\n}', "1: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(write, text, message):
    (found,) = problems(write("main.tf", text))
    assert found.startswith(f"main.tf:{message}")


def test_a_plan_of_terraform_s_has_the_tables_as_they_will_be():
    orders, fast = schema("plan.json").tables
    assert orders.tags == {"a": "1", "b": "2"}
    assert (orders.time_to_live, orders.stream, orders.table_class) == (None, None, "STANDARD")
    assert (fast.name, fast.stream) == ("planned-fast", "KEYS_ONLY")


def test_a_state_of_terraform_s_has_the_tables_as_they_are(write):
    values = json.loads((FILES / "plan.json").read_text())["planned_values"]["root_module"]
    resources = values["resources"] + values["child_modules"][0]["resources"]
    state = {
        "version": 4,
        "terraform_version": "1.9.5",
        "resources": [
            {**each, "instances": [{"attributes": each["values"]}]} for each in resources
        ],
    }
    path = write("terraform.tfstate", json.dumps(state))
    assert [each.name for each in schema(path).tables] == ["planned-orders", "planned-fast"]


def test_terraform_s_files_in_json_are_noted(write):
    write("more.tf.json", "{}")
    path = write("main.tf", table('"music"'))
    assert notes(schema(path.parent)) == ["more.tf.json: is not read: *.tf files are"]
