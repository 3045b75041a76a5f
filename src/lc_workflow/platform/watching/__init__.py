"""What an operator watches: figures for Prometheus, a dashboard for Grafana, and the alerts that matter."""
