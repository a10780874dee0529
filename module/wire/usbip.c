#include "wire/usbip.h"

static void zeros(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL)
		memset(p, 0, n);
}

/* A text in a field that ends with at least one zero. */
static hsm_rc text_put(struct wr *w, const char *text, size_t width)
{
	struct rd t = rd_str(text);

	if (t.n >= width)
		return HSM_E_BAD_LEN;
	wr_rd_put(w, t);
	zeros(w, width - t.n);
	return HSM_OK;
}

static hsm_rc text_get(struct rd *r, size_t width, char *out)
{
	struct rd field;

	if (!rd_take(r, width, &field))
		return HSM_E_BAD_LEN;
	if (memchr(field.p, 0, field.n) == NULL)
		return HSM_E_BAD_DATA;
	memcpy(out, field.p, width);
	return HSM_OK;
}

static void op_put(struct wr *w, enum usbip_op op, uint32_t status)
{
	wr_u16(w, USBIP_VERSION);
	wr_u16(w, (uint16_t)op);
	wr_u32(w, status);
}

static hsm_rc op_get(struct rd *r, uint16_t *op, uint32_t *status)
{
	uint16_t version;

	if (!rd_u16(r, &version) || !rd_u16(r, op) || !rd_u32(r, status))
		return HSM_E_BAD_LEN;
	return version == USBIP_VERSION ? HSM_OK : HSM_E_UNSUPPORTED;
}

hsm_rc usbip_request_length(struct rd head, size_t *n)
{
	uint32_t status;
	uint16_t op;

	*n = 0;
	TRY(op_get(&head, &op, &status));
	if (op != USBIP_REQ_DEVLIST && op != USBIP_REQ_IMPORT)
		return HSM_E_UNSUPPORTED;
	*n = op == USBIP_REQ_IMPORT ? USBIP_IMPORT : USBIP_OP_HEAD;
	return HSM_OK;
}

hsm_rc usbip_request_get(struct rd bytes, enum usbip_op *op, char *busid)
{
	uint32_t status;
	uint16_t code;
	size_t n;

	busid[0] = '\0';
	TRY(usbip_request_length(bytes, &n));
	if (n != bytes.n)
		return HSM_E_BAD_LEN;
	TRY(op_get(&bytes, &code, &status));
	*op = code == USBIP_REQ_IMPORT ? USBIP_REQ_IMPORT : USBIP_REQ_DEVLIST;
	return *op == USBIP_REQ_IMPORT ? text_get(&bytes, USBIP_BUSID, busid) : HSM_OK;
}

hsm_rc usbip_request_put(struct wr *w, const char *busid)
{
	op_put(w, busid == NULL ? USBIP_REQ_DEVLIST : USBIP_REQ_IMPORT, 0);
	if (busid != NULL)
		TRY(text_put(w, busid, USBIP_BUSID));
	return wr_done(w);
}

static hsm_rc device_put(struct wr *w, const struct usbip_device *d)
{
	TRY(text_put(w, d->path, USBIP_PATH));
	TRY(text_put(w, d->busid, USBIP_BUSID));
	wr_u32(w, d->busnum);
	wr_u32(w, d->devnum);
	wr_u32(w, d->speed);
	wr_u16(w, d->vid);
	wr_u16(w, d->pid);
	wr_u16(w, d->bcd);
	wr_put(w,
	        (const uint8_t[]){ d->class_code, d->subclass, d->protocol, d->configuration,
	                d->configurations_n, d->interfaces_n },
	        6);
	return wr_done(w);
}

hsm_rc usbip_devlist_put(struct wr *w, const struct usbip_device *devices, size_t n)
{
	op_put(w, USBIP_REP_DEVLIST, 0);
	wr_u32(w, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		const struct usbip_device *d = &devices[i];

		if (d->interfaces_n > USBIP_INTERFACES_MAX)
			return HSM_E_BAD_LEN;
		TRY(device_put(w, d));
		for (size_t k = 0; k < d->interfaces_n; k++) {
			const struct usbip_interface *f = &d->interfaces[k];

			wr_put(w, (const uint8_t[]){ f->class_code, f->subclass, f->protocol, 0 },
			        4);
		}
	}
	return wr_done(w);
}

hsm_rc usbip_import_put(struct wr *w, const struct usbip_device *device)
{
	op_put(w, USBIP_REP_IMPORT, device == NULL);
	return device == NULL ? wr_done(w) : device_put(w, device);
}

/* The fixed part, the same in both answers. */
static hsm_rc device_head(struct rd *r, struct usbip_device *d)
{
	char path[USBIP_PATH];
	struct rd b;

	*d = (struct usbip_device){ 0 };
	TRY(text_get(r, USBIP_PATH, path));
	TRY(text_get(r, USBIP_BUSID, d->busid_read));
	if (!rd_u32(r, &d->busnum) || !rd_u32(r, &d->devnum) || !rd_u32(r, &d->speed) ||
	        !rd_u16(r, &d->vid) || !rd_u16(r, &d->pid) || !rd_u16(r, &d->bcd) ||
	        !rd_take(r, 6, &b))
		return HSM_E_BAD_LEN;
	d->class_code = b.p[0];
	d->subclass = b.p[1];
	d->protocol = b.p[2];
	d->configuration = b.p[3];
	d->configurations_n = b.p[4];
	d->interfaces_n = b.p[5];
	return HSM_OK;
}

static hsm_rc answer_head(struct rd *r, enum usbip_op want)
{
	uint32_t status;
	uint16_t op;

	TRY(op_get(r, &op, &status));
	if (op != want)
		return HSM_E_UNSUPPORTED;
	return status == 0 ? HSM_OK : HSM_E_NO_READER;
}

hsm_rc usbip_devlist_get(struct rd *r, uint32_t *n)
{
	*n = 0;
	TRY(answer_head(r, USBIP_REP_DEVLIST));
	return rd_u32(r, n) ? HSM_OK : HSM_E_BAD_LEN;
}

hsm_rc usbip_device_get(struct rd *r, struct usbip_device *out)
{
	struct rd f;

	TRY(device_head(r, out));
	if (out->interfaces_n > USBIP_INTERFACES_MAX)
		return HSM_E_BAD_LEN;
	for (size_t i = 0; i < out->interfaces_n; i++) {
		if (!rd_take(r, 4, &f))
			return HSM_E_BAD_LEN;
		out->interfaces[i] = (struct usbip_interface){ f.p[0], f.p[1], f.p[2] };
	}
	return HSM_OK;
}

hsm_rc usbip_import_get(struct rd *r, struct usbip_device *out)
{
	*out = (struct usbip_device){ 0 };
	TRY(answer_head(r, USBIP_REP_IMPORT));
	return device_head(r, out);
}
