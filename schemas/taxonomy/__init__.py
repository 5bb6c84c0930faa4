"""What the project tells apart: label families, the places of a deployment and who answers for what."""
