/** Version of Smalti, as in `deno.json`; a test compares them. */
export const PROJECT_VERSION = "0.1.0";
