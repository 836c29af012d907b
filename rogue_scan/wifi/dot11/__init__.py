"""Pure decoders of 802.11."""
