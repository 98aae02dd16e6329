"""Local adjustments recovered from a pair: which area explains what sliders for the whole photo leave."""
