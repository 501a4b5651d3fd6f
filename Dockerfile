FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /bellwether . \
 && mkdir -p /data && touch /data/.keep

# Nothing but the program: it is static, and the time zones are inside it. The
# certificates are those of the build image.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /bellwether /bellwether
USER 65532:65532
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/bellwether"]
CMD ["run", "--config", "/data/config.toml"]
