"""E-mails: notifications that reach people outside the app."""
