"""Encoders of the field, written from their papers, with the parameter names of the checkpoints that are in use."""
