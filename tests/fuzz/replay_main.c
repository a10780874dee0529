/* Runs the target over files and folders given as arguments, where libFuzzer is not there. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned count;

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rbe");
	uint8_t *data;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		return 1;
	}
	rewind(f);
	/* Exactly as long as the input, so that AddressSanitizer sees one byte too many. */
	data = malloc(size == 0 ? 1 : (size_t)size);
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		free(data);
		fclose(f);
		return 1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	count++;
	return 0;
}

static int run_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), bad = 0;

	if (n < 0) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			bad |= run_file(name);
		free(entries[i]);
	}
	free(entries);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

		bad |= folder ? run_folder(argv[i]) : run_file(argv[i]);
	}
	printf("%u inputs\n", count);
	return bad != 0 || count == 0;
}
