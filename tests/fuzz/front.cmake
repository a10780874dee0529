twinhsm_fuzz(frame LINK hsm_wire)
twinhsm_fuzz_twin(vpcd LINK hsm_front
  WRAP recv __recv_chk send poll setsockopt emu_open)
twinhsm_fuzz(ccid_fault LINK hsm_front)
twinhsm_fuzz(usbip_client SOURCES ${PROJECT_SOURCE_DIR}/tests/front/fake_ccid_dev.c LINK hsm_front)
target_include_directories(fuzz_usbip_client PRIVATE ${PROJECT_SOURCE_DIR}/tests/front)
foreach(function IN ITEMS recv __recv_chk send poll)
  target_link_options(fuzz_usbip_client PRIVATE -Wl,--wrap=${function})
endforeach()
twinhsm_fuzz(ccid_dev LINK hsm_front)
foreach(function IN ITEMS emu_open emu_close emu_reset emu_atr emu_lane_new emu_lane_free
    emu_lane_xfer buf_reserve buf_free)
  target_link_options(fuzz_ccid_dev PRIVATE -Wl,--wrap=${function})
endforeach()
