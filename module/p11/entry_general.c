#include "base/text.h"
#include "p11/p11.h"

static void library_info(CK_INFO *info)
{
	*info = (CK_INFO){
		.cryptokiVersion = { 3, 0 },
		.libraryVersion = { TWINHSM_VERSION_MAJOR, TWINHSM_VERSION_MINOR },
	};
	text_pad(info->manufacturerID, sizeof(info->manufacturerID), RD_LIT("TwinHSM"));
	text_pad(info->libraryDescription, sizeof(info->libraryDescription),
	        RD_LIT("TwinHSM PKCS#11 module"));
}

CK_RV C_GetInfo(CK_INFO_PTR info)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		library_info(info);
	return p11_leave_library(rv);
}
