variable "name" {
  type = string
}

variable "queues" {
  type = map(object({
    key = optional(string, "Id")
    ttl = optional(string)
  }))
}

resource "aws_dynamodb_table" "queue" {
  for_each     = var.queues
  name         = "${var.name}-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = each.value.key

  attribute {
    name = each.value.key
    type = "S"
  }

  dynamic "ttl" {
    for_each = each.value.ttl == null ? [] : [each.value.ttl]
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }
}

output "names" {
  value = [for table in aws_dynamodb_table.queue : table.name]
}
