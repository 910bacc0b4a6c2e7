"""What the templates of the parts of an order's page are given, by the name of the template."""
