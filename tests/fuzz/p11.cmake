twinhsm_fuzz(template LINK hsm_p11)
