"""What is computed from the declarations. Nothing here knows a message by name."""
