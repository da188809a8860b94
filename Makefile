# Every target that people and scripts use. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build samples

help: ## this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## compile everything
	dotnet build WagiOperator.sln

samples: ## compile the sample handlers whose toolchain is there, into artifacts/samples
	samples/build
