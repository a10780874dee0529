twinhsm_fuzz(apdu_stream LINK hsm_emu)
twinhsm_fuzz(membership LINK hsm_emu)
twinhsm_fuzz(token_file LINK hsm_emu)
