"""The fold: batches of frames into the world, column by column."""
