twinhsm_fuzz(manifest
  SOURCES
    ${PROJECT_SOURCE_DIR}/tools/admin/backup/manifest.c
    ${PROJECT_SOURCE_DIR}/tools/admin/backup/manifest_json.c
  LINK twinhsm_tools PkgConfig::JANSSON)
