twinhsm_fuzz(config LINK hsm_card)
twinhsm_fuzz(card_answers SOURCES ${PROJECT_SOURCE_DIR}/tests/card/fake_tp.c LINK hsm_token)
target_include_directories(fuzz_card_answers PRIVATE ${PROJECT_SOURCE_DIR}/tests/card)
