import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

/**
 * Puts script and style into the HTML, so that a page is one file, and a content security policy beside them
 * that lets it load nothing and run no other script than this one.
 */
function singleFile(): Plugin {
  return {
    name: "penstock-single-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("vite made no index.html");
      let script = "";
      let style = "";
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        if (part.type === "chunk") script += part.code;
        else if (name.endsWith(".css")) style += part.source.toString();
        else throw new Error(`${name} has no place in a page that is one file`);
        delete bundle[name];
      }
      script = `\n${script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--")}`;
      const hash = createHash("sha256").update(script).digest("base64");
      const policy =
        `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; ` +
        "img-src data:; base-uri 'none'; form-action 'none'";
      // Functions, because a text to replace with has a meaning for "$&".
      page.source = page.source
        .toString()
        .replace(/<script type="module"[^>]*><\/script>\s*/, "")
        .replace(/<link rel="stylesheet"[^>]*>\s*/, "")
        .replace('<meta charset="utf-8" />', (meta) => `${meta}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`)
        .replace("</head>", () => `<style>${style}</style>\n  </head>`)
        .replace("</body>", () => `<script type="module">${script}</script>\n  </body>`);
    },
  };
}

export default defineConfig({
  plugins: [singleFile()],
  build: { target: "es2022", modulePreload: false, assetsInlineLimit: 0, cssCodeSplit: false, chunkSizeWarningLimit: 2000 },
});
