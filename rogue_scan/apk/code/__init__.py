"""Call graph, constants, reachability, data flows, endpoints."""
