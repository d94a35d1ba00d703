module portico

go 1.18
