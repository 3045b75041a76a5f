"""Requirements: the papers one application is asked for, verified by a second person, or waived."""
