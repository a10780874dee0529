# The whole module on a device that is made of the input. What its card answers stands in a header
# that is made from tests/golden.
set(sim_files ${CMAKE_CURRENT_BINARY_DIR}/sim_files.h)
add_custom_command(OUTPUT ${sim_files}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/make_sim_files.py ${sim_files}
  DEPENDS make_sim_files.py ${PROJECT_SOURCE_DIR}/tests/golden/genuine_device.json
    ${PROJECT_SOURCE_DIR}/tests/golden/pkcs15.json ${PROJECT_SOURCE_DIR}/tests/golden/x509.json
    ${PROJECT_SOURCE_DIR}/tests/golden/keyblobs.json
  VERBATIM)
add_library(fuzz_module STATIC module_calls.c module_keys.c module_objects.c liar.c sim_card.c
  ${sim_files})
target_include_directories(fuzz_module PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}
  PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
target_link_libraries(fuzz_module PUBLIC hsm_p11)

twinhsm_fuzz(module_apdu LINK fuzz_module)
foreach(function IN ITEMS tp_open tp_sight)
  target_link_options(fuzz_module_apdu PRIVATE -Wl,--wrap=${function})
endforeach()

twinhsm_fuzz(module_ccid LINK fuzz_module hsm_front)
foreach(function IN ITEMS tp_open tp_sight ccid_host_xfer emu_open emu_close emu_reset emu_atr
    emu_lane_new emu_lane_free emu_lane_xfer)
  target_link_options(fuzz_module_ccid PRIVATE -Wl,--wrap=${function})
endforeach()
