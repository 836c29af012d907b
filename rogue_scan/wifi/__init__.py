"""The Wi-Fi scanner: captures and live radios to findings."""
