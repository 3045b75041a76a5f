"""The product: customers, their applications, who works on them, and the workflow that decides them."""
