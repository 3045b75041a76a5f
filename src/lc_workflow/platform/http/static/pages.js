// Starts the viewer that the page names; nothing is fetched from anywhere but this server.
const page = document.getElementById("page");
const url = page.dataset.url;

const viewers = {
  swagger: () =>
    SwaggerUIBundle({ url, domNode: page, deepLinking: true, persistAuthorization: true, validatorUrl: null }),
  redoc: () => Redoc.init(url, {}, page),
  scalar: () =>
    Scalar.createApiReference(page, {
      url,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      showDeveloperTools: "never",
      hideClientButton: true,
    }),
};
viewers[page.dataset.viewer]();
