"""What open or decrypted networks carry."""
