"""Mail: letters to people, over SMTP."""
