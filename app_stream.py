"""The streaming server: `python app_stream.py` answers POST /chat2audio with server-sent events."""

from chat2audio.command import make_command

main = make_command("stream", "Serve POST /chat2audio as a stream of text and audio events.")

if __name__ == "__main__":
    main()
