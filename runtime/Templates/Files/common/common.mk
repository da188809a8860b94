
WAGI ?= wagi

test: build
	$(WAGI) run . -i --path '/{{name}}/path?query=1'

serve: build
	$(WAGI) serve .

check: build
	$(WAGI) check .

.PHONY: build test serve check
