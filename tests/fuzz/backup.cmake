foreach(name IN ITEMS sharefile sharetext wrapfile pkafile)
  twinhsm_fuzz(${name} LINK hsm_backup)
endforeach()
