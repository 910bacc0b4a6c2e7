"""What failures of a plant are expected to cost, and what work is worth. Pure: arrays only."""
