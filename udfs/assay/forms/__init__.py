"""How a pack is put to a model, and how its reply is read."""
