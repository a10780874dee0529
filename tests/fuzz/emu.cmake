twinhsm_fuzz(apdu_stream LINK hsm_emu)
