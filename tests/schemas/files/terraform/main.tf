# The tables of a record shop.
terraform {
  required_version = ">= 1.6"
}

provider "aws" {
  region = var.region
  default_tags {
    tags = {
      team = "records"
    }
  }
}

data "aws_caller_identity" "me" {}

locals {
  prefix = "${var.stage}-${lower("Shop")}"
  is_prod = var.stage == "prod"
  indexes = {
    by-label = { hash = "Label", range = "Year" }
    by-year  = { hash = "Year", range = null }
  }
}

resource "aws_dynamodb_table" "songs" {
  name         = "${local.prefix}-songs"
  billing_mode = local.is_prod ? "PROVISIONED" : "PAY_PER_REQUEST"
  hash_key     = "Artist"
  range_key    = "Title"

  read_capacity  = local.is_prod ? 20 : null
  write_capacity = local.is_prod ? 2 * 5 : null

  dynamic "attribute" {
    for_each = {
      Artist = "S"
      Title  = "S"
      Label  = "S"
      Year   = "N"
    }
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  local_secondary_index {
    name            = "years"
    range_key       = "Year"
    projection_type = "KEYS_ONLY"
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes
    iterator = index
    content {
      name               = index.key
      hash_key           = index.value.hash
      range_key          = index.value.range
      projection_type    = index.key == "by-year" ? "INCLUDE" : "ALL"
      non_key_attributes = index.key == "by-year" ? ["Genre"] : null
      read_capacity      = local.is_prod ? 5 : null
      write_capacity     = local.is_prod ? 5 : null
    }
  }

  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"

  ttl {
    attribute_name = "ExpiresAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.tables.arn
  }

  tags = merge(var.tags, { Name = format("%s table", title("songs")) })

  lifecycle {
    ignore_changes = [read_capacity, write_capacity]
  }
}

resource "aws_kms_key" "tables" {
  description = "tables"
}

resource "aws_dynamodb_table" "events" {
  for_each     = toset(["plays", "likes"])
  name         = "${local.prefix}-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "Id"

  attribute {
    name = "Id"
    type = "S"
  }

  on_demand_throughput {
    max_read_request_units = 100
  }
}

resource "aws_dynamodb_contributor_insights" "songs" {
  table_name = aws_dynamodb_table.songs.name
  index_name = "by-label"
}

resource "aws_dynamodb_resource_policy" "likes" {
  resource_arn = aws_dynamodb_table.events["likes"].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = data.aws_caller_identity.me.account_id }
      Action    = "dynamodb:GetItem"
      Resource  = aws_dynamodb_table.events["likes"].arn
    }]
  })
}

resource "aws_dynamodb_table_item" "first" {
  table_name = aws_dynamodb_table.songs.name
  hash_key   = aws_dynamodb_table.songs.hash_key
  item       = <<ITEM
{"Artist": {"S": "Nina Simone"}, "Title": {"S": "Sinnerman"}}
ITEM
}

module "jobs" {
  source = "./modules/queue"
  name   = "${local.prefix}-jobs"
  queues = {
    slow = { ttl = "ExpiresAt" }
    fast = {}
  }
}

module "elsewhere" {
  source  = "terraform-aws-modules/dynamodb-table/aws"
  version = "4.0.0"
  name    = "x"
}
