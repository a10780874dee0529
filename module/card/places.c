#include "card/places.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Carriers of devices, the one to prefer first. */
static const char *const devices[] = { "usb", "pcsc" };

enum { DEVICES_N = sizeof(devices) / sizeof(devices[0]) };

void places_done(struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].address);
	free(p->v);
	*p = (struct places){ 0 };
}

static bool begins(const char *address, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(address, scheme, n) == 0 && address[n] == ':';
}

/* ---- collecting ---- */

struct collect {
	struct places *to;
	const char *scheme;
	size_t source;
};

static struct card_place *find(const struct places *p, const char *address)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].address, address) == 0)
			return &p->v[i];
	}
	return NULL;
}

/* Takes the place over; one that is there already is not added again. */
static hsm_rc add_place(struct places *p, struct card_place place)
{
	struct card_place *v = NULL;

	if (place.address != NULL && find(p, place.address) != NULL) {
		free(place.address);
		return HSM_OK;
	}
	if (place.address != NULL)
		v = reallocarray(p->v, p->n + 1, sizeof(*v));
	if (v == NULL) {
		free(place.address);
		return HSM_E_MEMORY;
	}
	p->v = v;
	v[p->n++] = place;
	return HSM_OK;
}

/* Takes the address over; NULL: there was no memory for it. */
static hsm_rc add_seen(struct collect *c, char *address)
{
	struct card_place place = { .address = address, .source = c->source };

	if (address != NULL)
		place.rc = tp_sight(address, &place.stamp);
	return add_place(c->to, place);
}

static hsm_rc add_found(void *arg, const char *where)
{
	struct collect *c = arg;
	char *address;

	if (asprintf(&address, "%s:%s", c->scheme, where) < 0)
		return HSM_E_MEMORY;
	return add_seen(c, address);
}

/* ---- wildcards ---- */

static int is_token(const struct dirent *entry)
{
	static const char suffix[] = ".token";
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n >= sizeof(suffix) &&
	       strcmp(entry->d_name + n - (sizeof(suffix) - 1), suffix) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every token of a folder; `front` is its address up to the last slash. */
static hsm_rc add_names(struct collect *c, const char *front, struct dirent **names, int n)
{
	hsm_rc rc = HSM_OK;

	for (int i = 0; i < n && rc == HSM_OK; i++) {
		char *address;

		if (asprintf(&address, "%s%s", front, names[i]->d_name) < 0)
			return HSM_E_MEMORY;
		rc = add_seen(c, address);
	}
	return rc;
}

static hsm_rc add_folder(struct collect *c, const char *address)
{
	char front[PATH_MAX];
	struct dirent **names = NULL;
	size_t n = strlen(address) - 1; /* without the asterisk */
	hsm_rc rc;
	int found;

	if (n >= sizeof(front))
		return HSM_OK;
	memcpy(front, address, n);
	front[n] = '\0';
	found = scandir(strchr(front, ':') + 1, &names, is_token, by_name);
	rc = add_names(c, front, names, found);
	for (int i = 0; i < found; i++)
		free(names[i]);
	free(names);
	return rc;
}

/* Without settings nothing is started to find cards, and what is not there is not missed. */
static hsm_rc add_carrier(struct collect *c, bool named)
{
	hsm_rc rc = tp_list(c->scheme, named, add_found, c);

	if (rc != HSM_OK && named)
		log_say(LOG_ERROR, "%s:*: %s", c->scheme, rc_text(rc));
	return rc == HSM_E_MEMORY ? rc : HSM_OK;
}

/* The carrier that `address` means all cards of; NULL: it means something else. */
static const char *whole_carrier(const char *address)
{
	for (size_t i = 0; i < DEVICES_N; i++) {
		if (begins(address, devices[i]) && strcmp(address + strlen(devices[i]), ":*") == 0)
			return devices[i];
	}
	return NULL;
}

static bool is_folder(const char *address)
{
	size_t n = strlen(address);

	return begins(address, "emu") && n >= 2 && strcmp(address + n - 2, "/*") == 0;
}

static hsm_rc add_source(const struct config *c, size_t source, struct places *out)
{
	const char *address = c->cards[source];
	struct collect to = { out, whole_carrier(address), source };

	if (to.scheme != NULL)
		return add_carrier(&to, c->has_cards);
	if (is_folder(address))
		return add_folder(&to, address);
	return add_seen(&to, strdup(address));
}

/* ---- a device that two carriers show ---- */

static bool same_device(const struct tp_usb_id *a, const struct tp_usb_id *b)
{
	if (a->bus != 0 && a->device != 0 && b->bus != 0 && b->device != 0)
		return a->bus == b->bus && a->device == b->device;
	return a->serial[0] != '\0' && strcmp(a->serial, b->serial) == 0;
}

static bool is_same(const char *usb, const char *pcsc)
{
	struct tp_usb_id a, b;

	return tp_usb_id(usb, &a) == HSM_OK && tp_usb_id(pcsc, &b) == HSM_OK && same_device(&a, &b);
}

static void drop(struct places *p, size_t i)
{
	free(p->v[i].address);
	p->n--;
	memmove(&p->v[i], &p->v[i + 1], (p->n - i) * sizeof(p->v[0]));
}

/* What the settings name stays; else USB when it can be claimed. */
static bool prefers_usb(
        const struct config *c, const struct card_place *usb, const struct card_place *pcsc)
{
	if (whole_carrier(c->cards[usb->source]) == NULL)
		return true;
	if (whole_carrier(c->cards[pcsc->source]) == NULL)
		return false;
	return usb->rc == HSM_OK;
}

/* Drops the reader of PC/SC that shows the device at `i`, or the device. */
static void drop_double(const struct config *c, struct places *p, size_t i)
{
	for (size_t k = 0; k < p->n; k++) {
		if (!begins(p->v[k].address, "pcsc") || !is_same(p->v[i].address, p->v[k].address))
			continue;
		drop(p, prefers_usb(c, &p->v[i], &p->v[k]) ? k : i);
		return;
	}
}

static void drop_doubles(const struct config *c, struct places *p)
{
	for (size_t i = p->n; i > 0; i--) {
		if (i <= p->n && begins(p->v[i - 1].address, "usb"))
			drop_double(c, p, i - 1);
	}
}

/* ---- watching ---- */

static void watch_open(const struct config *c, struct places_watch *w)
{
	for (size_t i = 0; i < DEVICES_N; i++) {
		for (size_t k = 0; k < c->cards_n && w->of[i] == NULL; k++) {
			if (begins(c->cards[k], devices[i]) &&
			        tp_watch(devices[i], c->has_cards, &w->of[i]) != HSM_OK)
				w->of[i] = NULL;
		}
	}
	w->open = true;
}

void places_unwatch(struct places_watch *w)
{
	for (size_t i = 0; i < DEVICES_N; i++) {
		if (w->of[i] != NULL)
			w->of[i]->ops->unwatch(w->of[i]);
	}
	*w = (struct places_watch){ 0 };
}

/* May devices have come or gone? What carriers show depends on each other. */
static bool devices_changed(const struct config *c, struct places_watch *w)
{
	bool changed = false;

	if (w == NULL)
		return true;
	if (!w->open)
		watch_open(c, w);
	for (size_t i = 0; i < DEVICES_N; i++) {
		if (w->of[i] == NULL || w->of[i]->ops->changed(w->of[i]))
			changed = true;
	}
	return changed;
}

/* ---- looking ---- */

static bool is_device(const char *address)
{
	return begins(address, devices[0]) || begins(address, devices[1]);
}

/* Takes over what was found of one setting before. */
static hsm_rc keep_source(const struct places *before, size_t source, struct places *out)
{
	for (size_t i = 0; i < before->n; i++) {
		struct card_place place = before->v[i];

		if (place.source != source)
			continue;
		place.address = strdup(place.address);
		TRY(add_place(out, place));
	}
	return HSM_OK;
}

static hsm_rc look(const struct config *c, struct places_watch *w, const struct places *before,
        struct places *out)
{
	bool changed = devices_changed(c, w);

	for (size_t i = 0; i < c->cards_n; i++)
		TRY(!changed && is_device(c->cards[i]) ? keep_source(before, i, out)
		                                       : add_source(c, i, out));
	if (changed)
		drop_doubles(c, out);
	return HSM_OK;
}

hsm_rc places_look(const struct config *c, struct places_watch *w, struct places *p)
{
	struct places now = { 0 };
	hsm_rc rc = look(c, w, p, &now);

	if (rc != HSM_OK) {
		places_done(&now);
		return rc;
	}
	places_done(p);
	*p = now;
	return HSM_OK;
}

hsm_rc places_expand(struct config *c)
{
	struct places p = { 0 };
	char **cards;

	TRY(places_look(c, NULL, &p));
	cards = calloc(p.n + 1, sizeof(*cards));
	if (cards == NULL) {
		places_done(&p);
		return HSM_E_MEMORY;
	}
	for (size_t i = 0; i < p.n; i++) {
		cards[i] = p.v[i].address;
		p.v[i].address = NULL;
	}
	for (size_t i = 0; i < c->cards_n; i++)
		free(c->cards[i]);
	free(c->cards);
	c->cards = cards;
	c->cards_n = p.n;
	places_done(&p);
	return HSM_OK;
}
