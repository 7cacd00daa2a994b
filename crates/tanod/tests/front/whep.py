"""A WHEP server, as aiortc makes one: it shows a film over and over to whoever has the token, and says what it is asked.

whep.py FILM TOKEN. Its first line is the port that it listens on, on this machine alone.
"""

import asyncio
import sys

import aioice.ice
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.codecs.h264 import H264Encoder
from aiortc.contrib.media import MediaPlayer
from aiortc.rtcrtpsender import RTCRtpSender

film, token = sys.argv[1:]
sessions = {}
# It is called on this machine and nowhere else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def say(*words):
    print(*words, flush=True)


make_key_frame = RTCRtpSender._send_keyframe


def asked_for_a_key_frame(sender):
    say("key frame")
    make_key_frame(sender)


RTCRtpSender._send_keyframe = asked_for_a_key_frame


encode, frames = H264Encoder.encode, 0


def encode_with_nonsense(encoder, frame, force_keyframe=False):
    """Once in 40 frames somebody sends a packet of a kind that nobody knows."""
    global frames
    frames += 1
    payloads, time = encode(encoder, frame, force_keyframe)
    return ([bytes([30]) + b"nonsense"] if frames % 40 == 0 else []) + payloads, time


H264Encoder.encode = encode_with_nonsense


async def begin(offer):
    session = RTCPeerConnection()
    number = str(len(sessions) + 1)
    sessions[number] = session
    await session.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    session.addTrack(MediaPlayer(film, loop=True).video)
    await session.setLocalDescription(await session.createAnswer())
    return number, session.localDescription.sdp


async def answer(reads, writes):
    line, *rest = (await reads.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
    body = (await reads.readexactly(int(headers.get("content-length", 0)))).decode()
    say(method, path)
    status, more, text = "404 Not Found", "", ""
    if headers.get("authorization") != f"Bearer {token}":
        status = "401 Unauthorized"
    elif method == "POST" and path == "/hall/whep":
        number, text = await begin(body)
        status, more = "201 Created", f"content-type: application/sdp\r\nlocation: {number}\r\n"
    elif method == "DELETE":
        await sessions[path.rsplit("/", 1)[1]].close()
        status = "200 OK"
    head = f"HTTP/1.1 {status}\r\n{more}content-length: {len(text.encode())}\r\nconnection: close\r\n\r\n"
    writes.write((head + text).encode())
    await writes.drain()
    writes.close()


async def serve():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(serve())
