"""The company's rules about papers: what may be uploaded, and where each kind is filed."""
