"""Who is told what: notifications, and the live socket."""
