/* The function lists, expanded from functions.def: one body serves all interfaces. */
#include <string.h>

#include "p11/p11.h"

static CK_FUNCTION_LIST list_2_40 = {
	.version = { 2, 40 },
#define SINCE_2_40(name) .name = name,
#define SINCE_3_0(name)
#include "p11/functions.def"
#undef SINCE_2_40
#undef SINCE_3_0
};

static CK_FUNCTION_LIST_3_0 list_3_0 = {
	.version = { 3, 0 },
#define SINCE_2_40(name) .name = name,
#define SINCE_3_0(name)  .name = name,
#include "p11/functions.def"
#undef SINCE_2_40
#undef SINCE_3_0
};

static CK_UTF8CHAR name_pkcs11[] = "PKCS 11";

enum { INTERFACES = 2 };

/* The first is the default. */
static CK_INTERFACE interfaces[INTERFACES] = {
	{ name_pkcs11, &list_3_0, 0 },
	{ name_pkcs11, &list_2_40, 0 },
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	*list = &list_2_40;
	return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
	CK_ULONG room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = INTERFACES;
	if (list == NULL)
		return CKR_OK;
	if (room < INTERFACES)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

static bool interface_fits(
        const CK_INTERFACE *i, const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *has = i->pFunctionList;

	if (name != NULL && strcmp((const char *)name, (const char *)i->pInterfaceName) != 0)
		return false;
	if (version != NULL && (version->major != has->major || version->minor != has->minor))
		return false;
	return (flags & ~i->flags) == 0;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface,
        CK_FLAGS flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < INTERFACES; i++) {
		if (interface_fits(&interfaces[i], name, version, flags)) {
			*interface = &interfaces[i];
			return CKR_OK;
		}
	}
	return CKR_FUNCTION_FAILED;
}
