"""The plain server: `python app_non_stream.py` answers POST /chat2audio with one audio file."""

from chat2audio.command import make_command

main = make_command("file", "Serve POST /chat2audio with one audio file.")

if __name__ == "__main__":
    main()
