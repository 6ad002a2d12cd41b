"""The pages: one module a subject. A view reads parameters and gives data; its template shows them."""
