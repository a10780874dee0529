twinhsm_fuzz(frame LINK hsm_wire)
twinhsm_fuzz(vpcd LINK hsm_front)
