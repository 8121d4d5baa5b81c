tags = {
  cost-center = "42"
}
