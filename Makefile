# Every target that people and scripts use. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build

help: ## this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## compile everything
	dotnet build WagiOperator.sln
