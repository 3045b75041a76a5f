"""The company's shape – branches, departments, positions, employees – without knowing about accounts."""
