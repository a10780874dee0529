twinhsm_fuzz(frame LINK hsm_wire)
twinhsm_fuzz_twin(vpcd LINK hsm_front
  WRAP recv __recv_chk send poll setsockopt emu_open)
twinhsm_fuzz(ccid_fault LINK hsm_front)
